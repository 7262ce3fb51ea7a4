import { parseImagetools } from "../../../src/cli/args/imagetools.js";
import { table } from "./table.js";

const create = {
  kind: "imagetools-create",
  sources: [],
  files: [],
  tags: [],
  append: false,
  dryRun: false,
  preferIndex: true,
  platforms: [],
  annotations: [],
  metadataFile: undefined,
  progress: undefined,
  debug: false,
};
const inspect = {
  kind: "imagetools-inspect",
  name: "a",
  raw: false,
  format: undefined,
  debug: false,
};
const note = { place: "index", platform: undefined, key: "k", value: "v" };

table("Q02 Q03 parseImagetools()", (text) => parseImagetools(text.split(" ")), [
  ["create -t a b c", { ...create, tags: ["a"], sources: ["b", "c"] }],
  ["create --dry-run -f d b", { ...create, dryRun: true, files: ["d"], sources: ["b"] }],
  [
    "create --append --prefer-index=false -p linux/arm64,linux/386 -t a b",
    {
      ...create,
      append: true,
      preferIndex: false,
      platforms: ["linux/arm64", "linux/386"],
      tags: ["a"],
      sources: ["b"],
    },
  ],
  [
    "create --annotation index:k=v -t a b",
    { ...create, annotations: [note], tags: ["a"], sources: ["b"] },
  ],
  [
    "create a",
    "Cannot create an image: it has no name; give it one with --tag, or see it with --dry-run",
  ],
  [
    "create -t a --annotation k=v b",
    'Cannot use --annotation "k=v": annotations of a manifest cannot be changed; index:KEY=VALUE or manifest-descriptor:KEY=VALUE',
  ],
  ["inspect a", inspect],
  ["inspect --raw a", { ...inspect, raw: true }],
  ["inspect --format {{json}} a", { ...inspect, format: "{{json}}" }],
  ["inspect --raw --format x a", "Cannot inspect: --raw and --format exclude each other"],
  ["inspect", "Cannot inspect: the image is missing"],
  ["creat -t a", 'Cannot run "tsbuild imagetools creat": no such command; did you mean "create"?'],
]);
