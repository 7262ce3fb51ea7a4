import { BuildError } from "../../error.js";
import { hostOfKey } from "../../registry/docker-config.js";
import type { LoginCommand, LogoutCommand } from "../registry-commands.js";
import { debugFlag } from "./common-flags.js";
import { Flags } from "./flags.js";
import { optionalOperand } from "./operands.js";
import { nonEmpty } from "./words.js";

/** Reads the words after `tsbuild login`. */
export function parseLogin(argv: readonly string[]): LoginCommand {
  const flags = new Flags({
    name: "login",
    usage: "[flags] [SERVER]",
    summary: "Checks a user name and password with a registry, and keeps them for pull and push.",
    examples: [
      "tsbuild login registry.example.com",
      "tsbuild login -u me --password-stdin ghcr.io <token.txt",
    ],
  });
  const username = flags.one("-u, --username <name>", "user name", nonEmpty("--username"));
  const password = flags.one(
    "-p, --password <text>",
    "password; every process on this machine can see it",
    nonEmpty("--password"),
  );
  const passwordStdin = flags.switch("--password-stdin", "read the password from standard input");
  const debug = debugFlag(flags);
  const registry = parseServer("log in", optionalOperand("log in", flags.parse(argv)));
  if (passwordStdin() && password() !== undefined) {
    throw new BuildError(
      "USAGE",
      "Cannot log in: --password and --password-stdin exclude each other",
    );
  }
  if (passwordStdin() && username() === undefined) {
    throw new BuildError("USAGE", "Cannot log in: --password-stdin needs --username");
  }
  return {
    kind: "login",
    registry,
    username: username(),
    password: password(),
    passwordStdin: passwordStdin(),
    debug: debug(),
  };
}

/** Reads the words after `tsbuild logout`. */
export function parseLogout(argv: readonly string[]): LogoutCommand {
  const summary = "Removes the credentials that are kept for a registry.";
  const flags = new Flags({ name: "logout", usage: "[SERVER]", summary, examples: [] });
  const debug = debugFlag(flags);
  const registry = parseServer("log out", optionalOperand("log out", flags.parse(argv)));
  return { kind: "logout", registry, debug: debug() };
}

/** The registry of "ghcr.io", "https://ghcr.io/v2/", or of nothing: Docker Hub. */
function parseServer(verb: string, text = "docker.io"): string {
  const host = hostOfKey(text);
  if (/^[^\s?#@\\]+$/.test(host) && URL.canParse(`https://${host}`)) return host;
  throw new BuildError("USAGE", `Cannot ${verb}: "${text}" is not a registry host`);
}
