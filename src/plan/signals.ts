import { BuildError } from "../error.js";

/** Linux's signals as signal(7) lists them, real-time ones apart. */
const names = new Set(
  (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT " +
    "STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
  ).split(" "),
);

/** Checks STOPSIGNAL: a name with or without SIG, "RTMIN+n", "RTMAX-n", or any number but 0 (I11). */
export function checkSignal(text: string): void {
  const name = text.toUpperCase().replace(/^SIG/, "");
  const realTime = /^(?:RTMIN\+|RTMAX-)(\d+)$/.exec(name)?.[1];
  const known = /^[+-]?\d+$/.test(text)
    ? Number(text) !== 0 && Math.abs(Number(text)) < 2 ** 63
    : names.has(name) || (realTime !== undefined && Number(realTime) <= 15);
  if (known) return;
  throw new BuildError("SYNTAX", `Cannot use stop signal "${text}": no such signal`, {
    hint: "want a name such as SIGTERM, or a number",
  });
}
