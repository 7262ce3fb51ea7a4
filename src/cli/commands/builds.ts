import { BuildHistory, type BuildRecord } from "../../progress/history/build-history.js";
import { formatSeconds } from "../../progress/format.js";
import type { BuildsCommand } from "../builds-command.js";
import { formatAge } from "../format/age.js";
import { formatRows, type Row } from "../format/rows.js";
import { showAttachment } from "./build-attachments.js";
import { filteredBuilds } from "./build-filters.js";
import { fullNameOf, nameOf, statusOf, type About, type BuildsSession } from "./about-builds.js";
import { showLogs, showStepLog } from "./build-logs.js";
import { showReport } from "./build-report.js";
import { explain } from "./explain.js";

/** Does what a command about builds says. */
export async function runAboutBuilds(
  command: BuildsCommand,
  session: BuildsSession,
): Promise<number> {
  const history = new BuildHistory(session.store.paths);
  switch (command.kind) {
    case "builds":
      return await listBuilds(command, history, session);
    case "build-attachment":
      return await showAttachment(command, history, session);
    case "remove-builds":
      return removeBuilds(command, history);
    case "build-logs":
      return await showLogs(command, history, session);
    case "step-log":
      return await showStepLog(command, history, session);
    case "build-report":
      return await showReport(command, history, session);
    case "explain":
      return explain(command, history, session);
  }
}

const headers = {
  ID: "BUILD ID",
  Ref: "REF",
  Name: "NAME",
  Status: "STATUS",
  CreatedAt: "CREATED AT",
  Duration: "DURATION",
  Steps: "CACHED",
};
type Field = keyof typeof headers;

async function listBuilds(
  command: About<"builds">,
  history: BuildHistory,
  { io }: BuildsSession,
): Promise<number> {
  const { filters, format, local, noTrunc, quiet } = command;
  const all = history.list();
  const isFiltered = local || filters.length > 0;
  const builds = isFiltered ? await filteredBuilds(all, command, io) : all;
  if (quiet) for (const { id } of builds) io.out.write(`${id}\n`);
  else {
    const rows = builds.map((build) => rowOf(build, history, noTrunc));
    const columns: readonly Field[] = ["ID", "Name", "Status", "CreatedAt", "Duration", "Steps"];
    io.out.write(formatRows(rows, { format, headers, columns }));
  }
  return 0;
}

function rowOf(build: BuildRecord, history: BuildHistory, whole: boolean): Row<Field> {
  const { id, startedAt, end } = build;
  return {
    ID: id,
    Ref: id,
    Name: whole ? fullNameOf(build) : nameOf(build),
    Status: statusOf(build),
    CreatedAt: formatAge(startedAt, Date.now()),
    Duration: end === undefined ? "" : formatSeconds(end.at - startedAt),
    Steps: stepsOf(build, history),
  };
}

/** "5/7": so many steps were cached, of all. The whole journal is read only where it has no end. */
function stepsOf(build: BuildRecord, history: BuildHistory): string {
  const { end } = build;
  if (end !== undefined) return `${end.totals.cached}/${end.steps}`;
  const steps = history.steps(build);
  return `${steps.filter(({ outcome }) => outcome === "cached").length}/${steps.length}`;
}

function removeBuilds({ builds, all }: About<"remove-builds">, history: BuildHistory): number {
  const doomed = all
    ? history.list().filter(({ status }) => status !== "running")
    : builds.map((reference) => history.find(reference));
  for (const build of doomed) history.remove(build);
  return 0;
}
