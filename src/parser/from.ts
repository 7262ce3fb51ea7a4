import type { Head } from "./head.js";
import type { From } from "./instruction.js";
import { syntaxError } from "./syntax-error.js";
import { plainWords } from "./words.js";

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

/** FROM image, or FROM image AS name. */
export function parseFrom(head: Head): Pick<From, "image" | "name" | "platform"> {
  const [image, as, name, ...more] = plainWords(head.args);
  const named = as?.text.toUpperCase() === "AS" && name !== undefined && more.length === 0;
  if (image === undefined || (as !== undefined && !named)) {
    const why = "FROM requires either one or three arguments";
    const { at } = image === undefined ? head.keyword : head.args;
    throw syntaxError("FROM", why, at, "write FROM image AS name");
  }
  const platform = head.flags.find((flag) => flag.name === "platform");
  if (name === undefined) return { image: image.word(), name: undefined, platform };
  if (!STAGE_NAME.test(name.text.toLowerCase())) {
    const hint = "start with a letter, go on with letters, digits, -, _ and .";
    throw syntaxError("FROM", `invalid name for build stage: "${name.text}"`, name.at, hint);
  }
  return { image: image.word(), name: name.word(), platform };
}
