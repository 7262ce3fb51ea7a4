import { assert } from "chai";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBeneath } from "../../src/exec/read-beneath.js";
import { resolveOwner, resolveUser, type ReadRootFile } from "../../src/exec/users.js";

const PASSWD = [
  "root:x:0:0:root:/root:/bin/sh",
  "# web:x:1:1::/:",
  "broken:x:no:1::/:",
  "web:x:1000:1001:Web:/home/web:/bin/sh",
  "1500:x:2000:2001::/home/number:",
  "",
].join("\n");
const GROUP = "root:x:0:\nadm:x:4:root,web\nweb:x:1001:\nstaff:x:50:other,web\n";

/** Reads files of that root. */
function from(root: string): ReadRootFile {
  return (path) => readBeneath(root, path);
}

describe("users", () => {
  let root: string;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "tsbuild-users-"));
    await mkdir(join(root, "etc"));
    await writeFile(join(root, "etc/passwd"), PASSWD);
    await writeFile(join(root, "etc/group"), GROUP);
  });
  after(async () => rm(root, { recursive: true, force: true }));

  const users = [
    { user: "", want: [0, 0, [4], "/root"] },
    { user: "root", want: [0, 0, [4], "/root"] },
    { user: "web", want: [1000, 1001, [4, 50], "/home/web"] },
    { user: "1000", want: [1000, 1001, [4, 50], "/home/web"] },
    { user: "web:", want: [1000, 1001, [4, 50], "/home/web"] },
    { user: "web:adm", want: [1000, 4, [], "/home/web"] },
    { user: "1000:77", want: [1000, 77, [], "/home/web"] },
    { user: "4321", want: [4321, 0, [], "/"] },
    { user: "4321:staff", want: [4321, 50, [], "/"] },
    { user: "1500", want: [2000, 2001, [], "/home/number"] },
  ] as const;
  for (const { user, want } of users) {
    it(`resolveUser("${user}") is ${JSON.stringify(want)}`, async () => {
      const [uid, gid, additionalGids, home] = want;
      assert.deepEqual(await resolveUser(from(root), user), { uid, gid, additionalGids, home });
    });
  }

  const owners = [
    { chown: "web", want: [1000, 1001] },
    { chown: "1000", want: [1000, 1000] },
    { chown: "web:adm", want: [1000, 4] },
    { chown: "7:8", want: [7, 8] },
    { chown: ":8", want: [0, 8] },
    { chown: "7:", want: [7, 0] },
    { chown: "web:", want: [1000, 0] },
    { chown: "web:8", want: [1000, 8] },
    { chown: "7:staff", want: [7, 50] },
  ] as const;
  for (const { chown, want } of owners) {
    it(`resolveOwner("${chown}") is ${want.join(":")}`, async () => {
      assert.deepEqual(await resolveOwner(from(root), chown), { uid: want[0], gid: want[1] });
    });
  }

  for (const name of ["nobody", "web:nogroup", "broken", "9999999999"]) {
    for (const resolve of [resolveUser, resolveOwner]) {
      it(`${resolve.name}("${name}") is USER_NOT_FOUND`, async () => {
        const error = await failure(resolve(from(root), name));
        assert.propertyVal(error, "code", "USER_NOT_FOUND");
      });
    }
  }

  it("resolveUser() needs no files for ids", async () => {
    const empty = await mkdtemp(join(tmpdir(), "tsbuild-users-"));
    const user = await resolveUser(from(empty), "5:6");
    await rm(empty, { recursive: true });
    assert.deepEqual(user, { uid: 5, gid: 6, additionalGids: [], home: "/" });
  });

  it("C13 needs no files for root, by whatever name", async () => {
    const empty: ReadRootFile = () => Promise.resolve(undefined);
    const root = { uid: 0, gid: 0 };
    for (const chown of ["root", "root:root", "0:root", ":root", "root:0"])
      assert.deepEqual(await resolveOwner(empty, chown), root, chown);
    for (const user of ["root", "root:root", "0:root"])
      assert.deepEqual(await resolveUser(empty, user), { ...root, additionalGids: [], home: "/" });
    assert.deepEqual(await resolveOwner(empty, "5:root"), { uid: 5, gid: 0 });
  });

  it("resolveUser() follows links inside the root only", async () => {
    const inner = join(root, "inner");
    await mkdir(join(inner, "etc"), { recursive: true });
    await symlink("../../../etc/passwd", join(inner, "etc/passwd"));
    const error = await failure(resolveUser(from(inner), "root"));
    assert.propertyVal(error, "code", "INVALID_IMAGE", "a link to itself, not the host's file");
  });
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => assert.fail("it should have failed"),
    (error: unknown) => error,
  );
}
