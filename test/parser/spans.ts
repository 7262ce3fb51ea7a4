import type { Span } from "../../src/error.js";

/** Every span anywhere inside a value. */
export function* spansOf(value: unknown): Generator<Span> {
  if (typeof value !== "object" || value === null) return;
  if (isSpan(value)) yield value;
  else for (const part of Object.values(value)) yield* spansOf(part);
}

function isSpan(value: object): value is Span {
  return "source" in value && "start" in value && "end" in value;
}
