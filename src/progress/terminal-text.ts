import { stripVTControlCharacters } from "node:util";

const ascii = /^[\x20-\x7e]*$/;
// what moves the cursor, rings, or turns the direction of writing around
const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** One line of foreign text without anything that could do more than show characters. */
export function printable(line: string): string {
  if (ascii.test(line)) return line;
  return expandTabs(stripVTControlCharacters(line)).replace(unsafe, "");
}

/** How many columns of a terminal printable text takes. Rather too many than too few. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Cuts printable text to `columns`, with "…" where something is missing. */
export function fit(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (displayWidth(text) <= columns) return text;
  return `${takeColumns(Array.from(text), columns - 1).join("")}…`;
}

/** As `fit`, but keeps the end of the text. */
export function fitEnd(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (displayWidth(text) <= columns) return text;
  const kept = takeColumns(Array.from(text).reverse(), columns - 1);
  return `…${kept.reverse().join("")}`;
}

function takeColumns(characters: readonly string[], columns: number): string[] {
  let width = 0;
  const end = characters.findIndex((character) => (width += characterWidth(character)) > columns);
  return characters.slice(0, end < 0 ? undefined : end);
}

function characterWidth(character: string): number {
  if (ascii.test(character)) return 1;
  if (/[\p{Mn}\p{Me}\u200b-\u200d]/u.test(character)) return 0;
  // Unicode, East Asian Width W and F
  const wide =
    /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
  return wide.test(character) ? 2 : 1;
}

function expandTabs(line: string): string {
  if (!line.includes("\t")) return line;
  let text = "";
  for (const part of line.split(/(\t)/)) {
    text += part === "\t" ? " ".repeat(8 - (displayWidth(text) % 8)) : part;
  }
  return text;
}
