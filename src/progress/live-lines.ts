import { formatAmount, formatSeconds } from "./format.js";
import type { ScreenLine } from "./screen.js";
import type { Item, Tracked } from "./tracker.js";

/** Lines of output shown below a running step. */
const LOG_LINES = 6;

/** Running steps with their clocks, downloads and last output, in at most `rows` lines. */
export function liveLines(
  running: readonly Tracked[],
  now: number,
  rows: number,
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
    const details = detailLines(vertex, now, share);
    room -= details.length;
    return [titleLine(vertex, now), ...details];
  });
}

function titleLine(vertex: Tracked, now: number): ScreenLine {
  return { text: ` => ${vertex.title}`, right: formatSeconds(vertex.ms(now)) };
}

function detailLines(vertex: Tracked, now: number, share: number): readonly ScreenLine[] {
  if (share <= 0) return [];
  const items = itemLines([...vertex.items.values()], now, share);
  const { pending } = vertex;
  const output = vertex.tail.map(({ text }) => text).concat(pending === "" ? [] : [pending]);
  const room = Math.min(LOG_LINES, share - items.length);
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
