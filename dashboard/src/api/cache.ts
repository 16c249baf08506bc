import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isSignedOut } from "./client.ts";
import { Problem } from "./problem.ts";

const signedOut = new EventTarget();

/** Hear when a call was refused because nobody is signed in. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.addEventListener("out", listener);
  return () => signedOut.removeEventListener("out", listener);
}

function look(error: unknown): void {
  if (isSignedOut(error)) signedOut.dispatchEvent(new Event("out"));
}

/** What was read, kept fresh by `live.ts`. A refusal is final; only what is broken is tried again. */
export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: look }),
  mutationCache: new MutationCache({ onError: look }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status < 500),
    },
  },
});
