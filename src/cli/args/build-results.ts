import type { BuildCommand } from "../build-command.js";
import { parseAnnotation } from "./annotation.js";
import { attestationsOf, parseShorthand, type Attest, type Attestations } from "./attest.js";
import { finishOutputs } from "./finish-outputs.js";
import type { Flags } from "./flags.js";
import { parseOutput } from "./output.js";
import { nonEmpty } from "./words.js";

type Results = Attestations &
  Pick<BuildCommand, "iidFile" | "metadataFile" | "outputs" | "reproducible" | "tags">;

/** Declares the flags that say where the result goes, and what is written beside it. */
export function declareResults(flags: Flags): (attests: readonly Attest[]) => Results {
  flags.group("Where the result goes");
  const tags = flags.many("-t, --tag <name>", "name the image (repeatable)", nonEmpty("--tag"));
  const outputs = flags.many("-o, --output <dest>", "DIRECTORY, or type=…,dest=…", parseOutput);
  const push = flags.switch("--push", "push the image when it is built");
  const load = flags.switch("--load", "hand the image to the Docker or Podman that runs here, too");
  const reproducible = flags.switch(
    "--reproducible",
    "the same inputs give the same bytes: every new time is SOURCE_DATE_EPOCH, or 1970",
  );
  const annotations = flags.many(
    "--annotation <[type:]key=value>",
    "write it into the image's manifest",
    parseAnnotation,
  );
  const provenance = flags.many(
    "--provenance <true|mode=max>",
    "write beside the image what it was made of",
    parseShorthand("provenance"),
  );
  const sbom = flags.many(
    "--sbom <true|generator=image>",
    "write beside the image what is in it, as a scanner finds it",
    parseShorthand("sbom"),
  );
  const iidFile = flags.one("--iidfile <path>", "write the image id there", nonEmpty("--iidfile"));
  const metadataFile = flags.one(
    "--metadata-file <path>",
    "write what was built there, as JSON",
    nonEmpty("--metadata-file"),
  );
  return (attests) => ({
    tags: tags(),
    outputs: finishOutputs(outputs(), {
      push: push(),
      load: load(),
      annotations: annotations().flat(),
    }),
    reproducible: reproducible(),
    iidFile: iidFile(),
    metadataFile: metadataFile(),
    ...attestationsOf([...attests, ...provenance(), ...sbom()]),
  });
}
