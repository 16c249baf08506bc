import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { inWords } from "../api/problem.ts";

/**
 * A change that says what came of it: on success in a few words, on failure why and what to do.
 * `renews` are the nouns whose queries it makes stale.
 */
export function useAction<Input = void, Output = unknown>(given: {
  run: (input: Input) => Promise<Output>;
  renews?: string[];
  done?: string | ((output: Output, input: Input) => string | null);
  after?: (output: Output, input: Input) => void;
  /** Changes of the same name are made one after another. */
  inTurn?: string;
  /** The page itself shows what went wrong. */
  isFailureShown?: boolean;
}) {
  const queries = useQueryClient();
  return useMutation<Output, unknown, Input>({
    mutationFn: given.run,
    ...(given.inTurn && { scope: { id: given.inTurn } }),
    onSuccess: async (output, input) => {
      const words = typeof given.done === "function" ? given.done(output, input) : given.done;
      if (words) notifications.show({ message: words, color: "petrol" });
      given.after?.(output, input);
      await Promise.all((given.renews ?? []).map((noun) => queries.invalidateQueries({ queryKey: [noun] })));
    },
    onError: (error) => {
      if (given.isFailureShown) return;
      notifications.show({ title: "That did not work", message: inWords(error), color: "red", autoClose: 10_000 });
    },
  });
}
