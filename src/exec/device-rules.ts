import type { DeviceNode } from "./device-edits.js";

/** A rule of the devices controller: linux.resources.devices of the runtime-spec. */
export interface DeviceRule {
  readonly allow: boolean;
  /** Missing means every type, or every number. */
  readonly type?: "b" | "c";
  readonly major?: number;
  readonly minor?: number;
  readonly access: string;
}

/** Any node may be made, as in Docker, but only the harmless ones opened. */
export function deviceRules(insecure: boolean): readonly DeviceRule[] {
  if (insecure) return [{ allow: true, access: "rwm" }];
  const opened = [
    ["1:3", "1:5", "1:7", "1:8", "1:9"], // null, zero, full, random, urandom
    ["5:0", "5:1", "5:2", "136:*"], // tty, console, ptmx, pts
  ].flat();
  return [
    { allow: false, access: "rwm" },
    { allow: true, type: "c", access: "m" },
    { allow: true, type: "b", access: "m" },
    ...opened.map((name) => allowDevice(name)),
  ];
}

function allowDevice(name: string): DeviceRule {
  const [major, minor] = name.split(":");
  const numbers = { major: Number(major), ...(minor === "*" ? {} : { minor: Number(minor) }) };
  return { allow: true, type: "c", ...numbers, access: "rwm" };
}

/** Each of these nodes may be used as it says. */
export function nodeRules(nodes: readonly DeviceNode[]): readonly DeviceRule[] {
  return nodes.flatMap(({ type, major, minor, access }) =>
    type === "p" ? [] : [{ allow: true, type, major, minor, access }],
  );
}
