import { describe, expect, it } from "vitest";
import { address } from "./address.ts";

describe("an address with a query", () => {
  it("repeats the name of a list, and leaves out what is not chosen", () => {
    expect(address("/leads.csv", { state: ["held", "ready"], q: "ana & co", accountLinkId: undefined })).toBe(
      "/leads.csv?state=held&state=ready&q=ana+%26+co",
    );
    expect(address("/leads.csv", { state: [], q: undefined })).toBe("/leads.csv");
    expect(address("/leads.csv")).toBe("/leads.csv");
  });
});
