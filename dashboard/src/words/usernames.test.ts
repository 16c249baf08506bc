import { expect, it } from "vitest";
import { usernames } from "./usernames.ts";

it("usernames are found however they are pasted, each once", () => {
  expect(usernames("@ana, Ben;\nhttps://x.com/chloe?lang=en\n  twitter.com/dan/ \nANA")).toEqual([
    "ANA",
    "Ben",
    "chloe",
    "dan",
  ]);
  expect(usernames(" \n@ ")).toEqual([]);
});
