import { assert } from "chai";
import { existsSync } from "node:fs";
import { DeviceGroup } from "../../src/exec/device-group.js";
import { mount, mountFlags, unmount } from "../../src/sys/mounts.js";
import { inUserNamespace } from "../contracts/snapshotter.js";

const devices = "/sys/fs/cgroup/devices";

describe("DeviceGroup", () => {
  it("says that cgroups are read-only, as they are in containers", () => {
    if (inUserNamespace() || !existsSync(`${devices}/devices.list`)) return; // cgroups of a user, or v2
    const flags = mountFlags.bind | mountFlags.readonly;
    mount({ source: devices, target: devices, flags });
    try {
      mount({ source: "none", target: devices, flags: flags | mountFlags.remount });
      assert.throws(() => DeviceGroup.make("tsbuild-test"), /EROFS/);
    } finally {
      unmount(devices);
    }
  });
});
