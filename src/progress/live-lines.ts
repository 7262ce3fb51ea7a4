import { formatAmount, formatSeconds } from "./format.js";
import type { ScreenLine } from "./screen.js";
import type { Item, Tracked } from "./tracker.js";

/** How much may be drawn. */
export interface Room {
  readonly rows: number;
  /** Of the output of one step. */
  readonly logLines: number;
}

/** Running steps with their clocks, downloads and last output, in at most `rows` lines. */
export function liveLines(
  running: readonly Tracked[],
  now: number,
  { rows, logLines }: Room,
): readonly ScreenLine[] {
  if (running.length > rows) {
    const shown = running.slice(0, Math.max(0, rows - 1));
    const more = { text: ` => … and ${running.length - shown.length} more` };
    return [...shown.map((vertex) => titleLine(vertex, now)), more];
  }
  let room = rows - running.length;
  return running.flatMap((vertex, index) => {
    // what one step does not need is left to those after it
    const share = Math.floor(room / (running.length - index));
    const details = detailLines(vertex, now, { rows: share, logLines });
    room -= details.length;
    return [titleLine(vertex, now), ...details];
  });
}

function titleLine(vertex: Tracked, now: number): ScreenLine {
  return { text: ` => ${vertex.title}`, right: formatSeconds(vertex.ms(now)) };
}

function detailLines(
  vertex: Tracked,
  now: number,
  { rows, logLines }: Room,
): readonly ScreenLine[] {
  if (rows <= 0) return [];
  const items = itemLines([...vertex.items.values()], now, rows);
  const { pending } = vertex;
  const output = vertex.tail.map(({ text }) => text).concat(pending === "" ? [] : [pending]);
  const room = Math.min(logLines, rows - items.length);
  const last = room > 0 ? output.slice(-room) : [];
  return [
    ...items,
    ...last.map((text): ScreenLine => ({ text: ` => => # ${text}`, style: "output" })),
  ];
}

/** Downloads: those still running, before finished ones where there is no room for all. */
function itemLines(items: readonly Item[], now: number, room: number): readonly ScreenLine[] {
  const unfinished = items.filter(({ current, total }) => total === undefined || current < total);
  const shown = items.length <= room ? items : unfinished.slice(0, room);
  return shown.map(({ name, current, total, started }) => ({
    text: ` => => ${name} ${formatAmount(current, total)}`,
    right: formatSeconds(now - started),
  }));
}
