import { badValue } from "./usage-error.js";

/** An agent of the command line: which id, and the socket or the keys behind it. */
export interface SshSpec {
  readonly id: string;
  /** None: the socket that SSH_AUTH_SOCK names. */
  readonly paths: readonly string[];
}

/** Reads `default` and `ID=SOCKET|KEY[,KEY…]` (F30). */
export function parseSsh(text: string): SshSpec {
  const equals = text.indexOf("=");
  const id = equals < 0 ? text : text.slice(0, equals);
  if (id === "") throw badValue("--ssh", text, "the id is missing");
  if (equals < 0) return { id, paths: [] };
  const paths = text.slice(equals + 1).split(",");
  if (paths.includes("")) throw badValue("--ssh", text, "a path is empty");
  return { id, paths };
}
