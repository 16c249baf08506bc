import { describe, expect, it } from "vitest";
import { beginning, decoded } from "./csv.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("the beginning of a CSV", () => {
  it("is read whatever stands between the cells", () => {
    for (const delimiter of [",", ";", "\t", "|"]) {
      const text = [`Handle${delimiter}Firma`, `@ana${delimiter}Acme`].join("\r\n");
      expect(beginning(text)).toEqual({ headers: ["Handle", "Firma"], rows: [["@ana", "Acme"]] });
    }
    expect(beginning("sep=;\na;b\n1;2\n").headers).toEqual(["a", "b"]);
  });

  it("keeps quotes, delimiters and line breaks within a cell", () => {
    expect(beginning('a,b\n"1,""x""\ny",2\n').rows).toEqual([['1,"x"\ny', "2"]]);
  });

  it("leaves out empty lines, and stops after so many rows", () => {
    expect(beginning("a\n\n1\n2\n3\n", 2).rows).toEqual([["1"], ["2"]]);
  });

  it("is decoded as what it is", () => {
    expect(decoded(utf8("\ufeffJosé"))).toBe("José");
    expect(decoded(utf8("José").subarray(0, 4), false)).toBe("Jos");
    expect(decoded(Uint8Array.from([0x4a, 0xe9]))).toBe("Jé");
    expect(decoded(Uint8Array.from([0xff, 0xfe, 0x4a, 0x00]))).toBe("J");
  });
});
