const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** How long ago, in one rough unit and docker's words: "About an hour ago", "3 weeks ago". */
export function formatAge(then: number, now: number): string {
  return `${roughly(Math.max(0, Math.floor((now - then) / 1000)))} ago`;
}

/** The same where it does not begin one: "about an hour ago". */
export function formatAgeInSentence(then: number, now: number): string {
  const age = formatAge(then, now);
  return age.charAt(0).toLowerCase() + age.slice(1);
}

function roughly(seconds: number): string {
  if (seconds < 1) return "Less than a second";
  if (seconds < 2) return "1 second";
  if (seconds < MINUTE) return `${seconds} seconds`;
  if (seconds < 2 * MINUTE) return "About a minute";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} minutes`;
  const hours = Math.round(seconds / HOUR);
  if (hours < 2) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  const days = Math.floor(hours / 24);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.floor(days / 7)} weeks`;
  if (days < 730) return `${Math.floor(days / 30)} months`;
  return `${Math.floor(days / 365)} years`;
}

/** As Go prints a time: "2026-01-02 03:04:05 +0000 UTC". */
export function formatTime(ms: number): string {
  return `${formatInstant(ms).replace("T", " ").replace("Z", "")} +0000 UTC`;
}

/** RFC 3339, to the second. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "");
}
