import { assert } from "chai";
import { BuildError } from "../../../src/error.js";

/** A value, or the message of the error, with its hint after "; ". */
export type Case = readonly [text: string, want: unknown];

function outcome(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
  }
}

/** Describes what a parser makes of texts. */
export function table(
  name: string,
  parse: (text: string) => unknown,
  cases: readonly Case[],
): void {
  describe(name, () => {
    for (const [text, want] of cases) {
      it(`reads ${JSON.stringify(text)}`, () => {
        assert.deepStrictEqual(
          outcome(() => parse(text)),
          want,
        );
      });
    }
  });
}
