import { describe, expect, it } from "vitest";
import { Cutter } from "./stream.ts";

describe("a stream of events", () => {
  it("is cut into messages, wherever its pieces break", () => {
    const whole = 'id: 1\nevent: a\ndata: {"seq":1}\n\n: still here\n\nid: 2\ndata: {"seq":2}\n\n';
    for (let at = 0; at <= whole.length; at++) {
      const cutter = new Cutter();
      const sent = [...cutter.take(whole.slice(0, at)), ...cutter.take(whole.slice(at))];
      expect(sent).toEqual([
        { id: "1", data: '{"seq":1}' },
        { id: "2", data: '{"seq":2}' },
      ]);
    }
  });

  it("keeps an unfinished message for later", () => {
    expect(new Cutter().take("id: 1\ndata: x\n")).toEqual([]);
  });

  it("joins the lines of one message", () => {
    expect(new Cutter().take("data: a\r\ndata: b\r\n\r\n")).toEqual([{ id: null, data: "a\nb" }]);
  });
});
