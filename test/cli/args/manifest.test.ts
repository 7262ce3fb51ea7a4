import { parseManifest } from "../../../src/cli/args/manifest.js";
import { table } from "./table.js";

table("Q03 parseManifest()", (text) => parseManifest(text.split(" ")), [
  [
    "create -a l a b",
    { kind: "manifest-create", list: "l", images: ["a", "b"], amend: true, debug: false },
  ],
  ["create l", "Cannot create a list: the image is missing"],
  [
    "annotate --os linux --arch arm --variant v6 --os-version 1 --os-features a,b l a",
    {
      kind: "manifest-annotate",
      list: "l",
      image: "a",
      platform: {
        os: "linux",
        architecture: "arm",
        variant: "v6",
        "os.version": "1",
        "os.features": ["a", "b"],
      },
      debug: false,
    },
  ],
  [
    "annotate --variant v8 l a",
    { kind: "manifest-annotate", list: "l", image: "a", platform: { variant: "v8" }, debug: false },
  ],
  ["inspect l", { kind: "manifest-inspect", name: "l", debug: false }],
  ["push l", { kind: "manifest-push", list: "l", purge: false, progress: undefined, debug: false }],
  ["rm l m", { kind: "manifest-rm", lists: ["l", "m"], debug: false }],
  [
    "push --insecure l",
    'Cannot use --insecure: no such flag here; "registries" in ~/.config/tsbuild/config.json, see docs/registries.md',
  ],
  [
    "anotate l a",
    'Cannot run "tsbuild manifest anotate": no such command; did you mean "annotate"?',
  ],
]);
