import { createHash } from "node:crypto";
import type { BuildEvent, Outcome } from "../builder/event.js";
import type { Renderer, RendererOptions } from "./renderer.js";
import { type Tracked, Tracker } from "./tracker.js";
import { warningJson } from "./warning-json.js";

/** One JSON object per line, as `docker buildx build --progress=rawjson` (BuildKit's SolveStatus). */
export function rawJson({ out, now }: RendererOptions): Renderer {
  const tracker = new Tracker();
  return {
    emit: (event) => {
      const status = toStatus(event, tracker, now());
      if (status !== undefined) out.write(`${JSON.stringify(status)}\n`);
    },
    finish: () => undefined,
  };
}

function toStatus(event: BuildEvent, tracker: Tracker, now: number): object | undefined {
  switch (event.type) {
    case "declared":
      tracker.declare(event.vertex, event.inputs);
      return { vertexes: [vertexOf(tracker.get(event.vertex.id), tracker)] };
    case "started": {
      const vertex = tracker.get(event.id);
      vertex.started = now;
      return { vertexes: [vertexOf(vertex, tracker)] };
    }
    case "missed": {
      const vertex = tracker.get(event.id);
      vertex.miss(event.reason.text);
      return { vertexes: [vertexOf(vertex, tracker)] };
    }
    case "ended": {
      const vertex = tracker.get(event.id);
      vertex.started ??= now;
      vertex.ended = now;
      vertex.outcome = event.outcome;
      return { vertexes: [vertexOf(vertex, tracker)] };
    }
    case "output": {
      const vertex = digestOf(tracker.get(event.id));
      const data = Buffer.from(event.chunk).toString("base64");
      const stream = event.stream === "stdout" ? 1 : 2;
      return { logs: [{ vertex, stream, data, timestamp: time(now) }] };
    }
    case "progress":
      return { statuses: [statusOf(event, tracker, now)] };
    case "warning":
      return { warnings: [warningJson(event)] };
    case "summary":
      return { summary: event.totals }; // not BuildKit's, as "notCached"
    case "traffic":
      return undefined;
  }
}

function vertexOf(vertex: Tracked, tracker: Tracker): object {
  const { title, started, ended, outcome } = vertex;
  return {
    digest: digestOf(vertex),
    inputs: vertex.inputs.map((id) => digestOf(tracker.get(id))),
    name: title,
    started: time(started),
    completed: time(ended),
    cached: outcome?.kind === "cached" ? true : undefined,
    notCached: vertex.reason, // not BuildKit's; its readers pass over it
    error: outcome === undefined ? undefined : errorOf(outcome),
  };
}

function errorOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case "cached":
    case "done":
      return undefined;
    case "skipped":
      return "skipped";
    case "cancelled":
      return "context canceled"; // the words by which readers of this format know it
    case "failed":
      return outcome.message;
  }
}

function statusOf(
  event: Extract<BuildEvent, { type: "progress" }>,
  tracker: Tracker,
  now: number,
): object {
  const vertex = tracker.get(event.id);
  const { item: name, current, total } = event;
  const started = vertex.items.get(name)?.started ?? now;
  vertex.items.set(name, { name, started, current, total });
  return {
    id: name,
    vertex: digestOf(vertex),
    total,
    current,
    timestamp: time(now),
    started: time(started),
    completed: total !== undefined && current >= total ? time(now) : undefined,
  };
}

/** Readers tell vertices apart by digest; ours are counted. */
function digestOf({ id, title }: Tracked): string {
  return `sha256:${createHash("sha256").update(`${id} ${title}`).digest("hex")}`;
}

function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
