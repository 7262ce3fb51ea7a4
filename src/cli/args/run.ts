import { BuildError } from "../../error.js";
import type { RunCommand } from "../run-command.js";
import { debugFlag } from "./common-flags.js";
import { Flags } from "./flags.js";
import { parseSetting } from "./setting.js";
import { unsupportedRunFlags } from "./unsupported.js";
import { parseVolume } from "./volume.js";
import { nonEmpty, parseNetwork } from "./words.js";

/** Reads the words after `tsbuild run`. */
export function parseRun(argv: readonly string[]): RunCommand {
  const flags = new Flags({
    name: "run",
    usage: "[flags] IMAGE [COMMAND [ARG…]]",
    summary: "Runs a command in a fresh root filesystem of an image; nothing of it is kept.",
    unsupported: unsupportedRunFlags,
    operandsEndFlags: true,
    examples: [
      "tsbuild run web                          run the image's own command",
      "tsbuild run -it --entrypoint sh web      look around in it",
      "tsbuild run -v ./data:/data:ro web ls /data",
    ],
  });
  const interactive = flags.switch(
    "-i, --interactive",
    "pass on standard input; otherwise the command has none",
  );
  const tty = flags.switch("-t, --tty", "give the command this terminal, including its input");
  const env = flags.many("-e, --env <name[=value]>", "set a variable", (text) =>
    parseSetting("--env", text),
  );
  const workdir = flags.one("-w, --workdir <path>", "working directory", absolute);
  const user = flags.one("-u, --user <user[:group]>", "name or id", nonEmpty("--user"));
  const entrypoint = flags.one(
    "--entrypoint <command>",
    "replace the image's ENTRYPOINT",
    (text) => text,
  );
  const network = flags.one("--network <mode>", "default, none or host", parseNetwork);
  const volumes = flags.many(
    "-v, --volume <source:target[:ro]>",
    "mount a directory or file of this machine",
    parseVolume,
  );
  flags.ignored("--rm");
  const debug = debugFlag(flags);

  const [image, ...words] = flags.parse(argv);
  if (image === undefined || image === "") {
    const hint = 'such as "tsbuild run web"';
    throw new BuildError("USAGE", "Cannot run: the image is missing", { hint });
  }
  return {
    kind: "run",
    image,
    argv: words,
    interactive: interactive(),
    tty: tty(),
    env: env(),
    workdir: workdir(),
    user: user(),
    entrypoint: entrypoint(),
    network: network() ?? "default",
    volumes: volumes(),
    debug: debug(),
  };
}

function absolute(path: string): string {
  if (path.startsWith("/")) return path;
  throw new BuildError("USAGE", `Cannot use --workdir "${path}": it must be an absolute path`);
}
