import { assert } from "chai";
import {
  asksOnlyLoopback,
  asksResolvedStub,
  hostsFile,
  isolatedResolvConf,
} from "../../src/exec/name-files.js";

const STUB = "# made by systemd-resolved\nnameserver 127.0.0.53\noptions edns0\nsearch lan\n";
const LOCAL = "nameserver 127.0.0.1\nnameserver ::1\nsearch lan\n";
const MIXED = "nameserver 127.0.0.1\nnameserver 192.0.2.53\noptions ndots:2\n";
const PLAIN = "nameserver 192.0.2.53\n";

describe("name files", () => {
  const cases = [
    { name: "the resolved stub", text: STUB, stub: true, loopback: true },
    { name: "a local resolver", text: LOCAL, stub: false, loopback: true },
    { name: "a local and an outer resolver", text: MIXED, stub: false, loopback: false },
    { name: "an outer resolver", text: PLAIN, stub: false, loopback: false },
    { name: "no resolver, which means the local one", text: "", stub: false, loopback: true },
  ];
  for (const { name, text, stub, loopback } of cases) {
    it(`asksResolvedStub() and asksOnlyLoopback() know ${name}`, () => {
      const known = { stub: asksResolvedStub(text), loopback: asksOnlyLoopback(text) };
      assert.deepEqual(known, { stub, loopback });
    });
  }

  const isolated = [
    { text: PLAIN, resolver: "10.0.2.3", want: PLAIN },
    { text: MIXED, resolver: "10.0.2.3", want: "nameserver 192.0.2.53\noptions ndots:2\n" },
    { text: LOCAL, resolver: "10.0.2.3", want: "nameserver 10.0.2.3\nsearch lan\n" },
    { text: LOCAL, resolver: undefined, want: "search lan\n" },
  ];
  for (const { text, resolver, want } of isolated) {
    it(`isolatedResolvConf(${JSON.stringify(text)}, ${resolver ?? "nothing"})`, () => {
      assert.strictEqual(isolatedResolvConf(text, resolver), want);
    });
  }

  it("hostsFile() names the sandbox and the extra hosts", () => {
    const extraHosts = [{ name: "db", ip: "fd00::1" }];
    assert.strictEqual(
      hostsFile({ hostname: "box", extraHosts }),
      "127.0.0.1\tlocalhost box\n::1\tlocalhost ip6-localhost ip6-loopback\nfd00::1\tdb\n",
    );
  });
});
