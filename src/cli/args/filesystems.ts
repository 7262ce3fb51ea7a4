import { BuildError } from "../../error.js";
import type { StoreCommand } from "../store-command.js";
import { debugFlag } from "./common-flags.js";
import { Flags } from "./flags.js";
import { oneOperand } from "./operands.js";
import { nonEmpty, parseOnePlatform } from "./words.js";

/** Reads the words after `tsbuild import`. */
export function parseImport(argv: readonly string[]): StoreCommand {
  const flags = new Flags({
    name: "import",
    usage: "[flags] FILE|URL|- [NAME[:TAG]]",
    summary: "Makes an image of one layer from the files in an archive.",
    examples: [
      "tsbuild import rootfs.tar.xz debian:mine",
      "tsbuild import -c 'CMD [\"sh\"]' -c 'ENV LANG=C.UTF-8' - base < rootfs.tar",
    ],
  });
  const changes = flags.many(
    "-c, --change <instruction>",
    "apply a Dockerfile instruction to the image",
    nonEmpty("--change"),
  );
  const message = flags.one(
    "-m, --message <text>",
    "comment in the history of the image",
    (text) => text,
  );
  const platform = flags.one("--platform <os/arch>", "platform of the image", parseOnePlatform);
  const debug = debugFlag(flags);
  const [source, name, more] = flags.parse(argv);
  if (source === undefined || source === "") {
    throw new BuildError("USAGE", "Cannot import: the archive is missing");
  }
  if (more !== undefined) throw new BuildError("USAGE", `Cannot import: did not expect "${more}"`);
  return {
    kind: "import",
    source,
    name,
    changes: changes(),
    message: message(),
    platform: platform(),
    debug: debug(),
  };
}

/** Reads the words after `tsbuild export`. */
export function parseExport(argv: readonly string[]): StoreCommand {
  const flags = new Flags({
    name: "export",
    usage: "[flags] IMAGE",
    summary: "Writes the files of an image into one flat archive, without its history.",
    examples: ["tsbuild export web | tar -C rootfs -x", "tsbuild export -o web.tar web"],
  });
  const output = flags.one(
    "-o, --output <path>",
    "write to a file instead of standard output",
    nonEmpty("--output"),
  );
  const debug = debugFlag(flags);
  const image = oneOperand("export", "the image", flags.parse(argv));
  return { kind: "export", image, output: output(), debug: debug() };
}

/** Reads the words after `tsbuild diff`. */
export function parseDiff(argv: readonly string[]): StoreCommand {
  const flags = new Flags({
    name: "diff",
    usage: "[flags] IMAGE [BASE]",
    summary:
      "Lists the files that an image added (A), changed (C) or deleted (D), against its base.",
    examples: ["tsbuild diff web", "tsbuild diff web:2 web:1"],
  });
  const debug = debugFlag(flags);
  const [image, base, more] = flags.parse(argv);
  if (image === undefined || image === "") {
    throw new BuildError("USAGE", "Cannot compare: the image is missing");
  }
  if (more !== undefined) throw new BuildError("USAGE", `Cannot compare: did not expect "${more}"`);
  return { kind: "diff", image, base, debug: debug() };
}
