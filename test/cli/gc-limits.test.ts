import { assert } from "chai";
import { garbageConfig, limitsOn, type GarbageConfig } from "../../src/cli/gc-limits.js";
import { table } from "./args/table.js";

const usual: GarbageConfig = {
  enabled: true,
  maxUsedSpace: undefined,
  minFreeSpace: undefined,
  reservedSpace: undefined,
};
const read = (text: string, env = {}): GarbageConfig =>
  garbageConfig({ path: "/c.json", gc: JSON.parse(text) as unknown }, env);
const refused = 'Cannot use the configuration file "/c.json": ';

table("garbageConfig()", read, [
  ["{}", usual],
  [
    '{"enabled": false, "maxUsedSpace": "20GB", "minFreeSpace": "5%", "reservedSpace": 7}',
    {
      enabled: false,
      maxUsedSpace: { bytes: 20 * 2 ** 30 },
      minFreeSpace: { percent: 5 },
      reservedSpace: { bytes: 7 },
    },
  ],
  ["[]", `${refused}the value of "gc" is not a JSON object`],
  [
    '{"maxUsdSpace": 1}',
    `${refused}"gc" has no setting "maxUsdSpace"; did you mean "maxUsedSpace"?`,
  ],
  [
    '{"x": 1}',
    `${refused}"gc" has no setting "x"; there are enabled, maxUsedSpace, minFreeSpace, reservedSpace`,
  ],
  ['{"enabled": 1}', `${refused}"enabled" is neither true nor false`],
  ['{"maxUsedSpace": -1}', `${refused}"maxUsedSpace" is not a size; such as "20GB" or "10%"`],
  [
    '{"maxUsedSpace": "much"}',
    'Cannot use maxUsedSpace "much": want a number of bytes with an optional unit b, k, m, g or t; or a part of the disk, such as "20%"',
  ],
]);

describe("garbageConfig()", () => {
  it("takes TSBUILD_MAX_USED_SPACE before the file", () => {
    const text = '{"maxUsedSpace": 1, "minFreeSpace": 2}';
    assert.deepInclude(read(text, { TSBUILD_MAX_USED_SPACE: "30%" }), {
      maxUsedSpace: { percent: 30 },
      minFreeSpace: { bytes: 2 },
    });
    assert.deepInclude(read(text, { TSBUILD_MAX_USED_SPACE: "" }), { maxUsedSpace: { bytes: 1 } });
  });
});

describe("limitsOn()", () => {
  const GB = 1e9;
  const cases: readonly (readonly [
    disk: number,
    config: Partial<GarbageConfig>,
    want: ReturnType<typeof limitsOn>,
  ])[] = [
    [1000 * GB, {}, { maxUsed: 100 * GB, minFree: 200 * GB, reserved: 10 * GB }],
    [50 * GB, {}, { maxUsed: 40 * GB, minFree: 10 * GB, reserved: 4 * GB }],
    [
      100 * GB,
      { maxUsedSpace: { percent: 50 }, minFreeSpace: { bytes: 0 } },
      { maxUsed: 50 * GB, minFree: 0, reserved: 5 * GB },
    ],
    [
      100 * GB,
      { maxUsedSpace: { bytes: 1000 }, reservedSpace: { bytes: 1 } },
      { maxUsed: 1000, minFree: 20 * GB, reserved: 1 },
    ],
    [100 * GB, { enabled: false }, undefined],
    [100 * GB, { maxUsedSpace: { bytes: 0 } }, undefined],
  ];
  for (const [disk, config, want] of cases) {
    it(`K28 makes ${JSON.stringify(want)} of ${JSON.stringify(config)} on ${disk / GB} GB`, () => {
      assert.deepStrictEqual(limitsOn(disk, { ...usual, ...config }), want);
    });
  }
});
