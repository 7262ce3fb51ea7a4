import type { BuildCommand } from "../build-command.js";
import { parseAnnotation } from "./annotation.js";
import { attestationsOf, parseAttest, parseShorthand, type Attestations } from "./attest.js";
import { finishOutputs } from "./finish-outputs.js";
import type { Flags } from "./flags.js";
import { parseOutput } from "./output.js";
import { nonEmpty, unlessEmpty } from "./words.js";

type Results = Attestations &
  Pick<BuildCommand, "iidFile" | "metadataFile" | "outputs" | "reproducible" | "tags">;

/** Declares the flags that say where the result goes, and what is written beside it. */
export function declareResults(flags: Flags): () => Results {
  flags.group("Where the result goes");
  const tags = flags.many("-t, --tag <name>", "name the image (repeatable)", nonEmpty("--tag"));
  const outputs = flags.many(
    "-o, --output <dest>",
    "a directory, or type=…,dest=… (repeatable)",
    unlessEmpty(parseOutput),
  );
  const push = flags.switch("--push", "push the image when it is built");
  const load = flags.switch("--load", "also hand the image to the Docker or Podman running here");
  const reproducible = flags.switch(
    "--reproducible",
    "same inputs, same bytes: every new time is SOURCE_DATE_EPOCH, or 1970",
  );
  const annotations = flags.many(
    "--annotation <[type:]key=value>",
    "add an annotation to the image's manifest",
    unlessEmpty(parseAnnotation),
  );
  const provenance = flags.many(
    "--provenance <true|mode=max>",
    "attach a record of how the image was built",
    unlessEmpty(parseShorthand("provenance")),
  );
  const sbom = flags.many(
    "--sbom <true|generator=image>",
    "attach a list of what is in the image, as a scanner finds it",
    unlessEmpty(parseShorthand("sbom")),
  );
  const attests = flags.many(
    "--attest <type=…,…>",
    "either of these: type=provenance,… or type=sbom,…",
    parseAttest,
  );
  const iidFile = flags.one(
    "--iidfile <path>",
    "write the image id to a file",
    unlessEmpty((text) => text),
  );
  const metadataFile = flags.one(
    "--metadata-file <path>",
    "write what was built to a file, as JSON",
    unlessEmpty((text) => text),
  );
  return () => ({
    tags: tags(),
    outputs: finishOutputs(outputs(), {
      push: push(),
      load: load(),
      annotations: annotations().flat(),
    }),
    reproducible: reproducible(),
    iidFile: iidFile(),
    metadataFile: metadataFile(),
    ...attestationsOf([...attests(), ...provenance(), ...sbom()]),
  });
}
