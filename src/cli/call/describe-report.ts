import { formatColumns } from "../format/columns.js";

const version = "1.0.0";
const requests = [
  { name: "lint", description: "Check the Dockerfile without building it", opts: [] },
  {
    name: "outline",
    description: "List what may be given to the build of a target",
    opts: [{ name: "target", description: "The stage that would be built" }],
  },
  { name: "targets", description: "List the stages that may be built", opts: [] },
  { name: "subrequests.describe", description: "List what --call may ask", opts: [] },
];

/** What --call may ask, in the shape of `docker buildx build --call=subrequests.describe`. */
export function describeJson(): object {
  return requests.map(({ name, description, opts }) => ({
    name: `frontend.${name}`,
    version,
    type: "rpc",
    description,
    opts,
    metadata: ["result.json", "result.txt"].map((result) => ({ name: result, description: "" })),
  }));
}

/** The same for people. */
export function describeText(): string {
  const rows = requests.map(({ name, description }) => [name, version, description]);
  return formatColumns([["NAME", "VERSION", "DESCRIPTION"], ...rows], 1);
}
