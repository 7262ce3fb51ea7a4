import tseslint from "typescript-eslint";

const outsideCli = [
  { name: "console", message: "Only src/cli prints; emit a BuildEvent instead." },
  {
    name: "process",
    message: "Only src/cli reads argv, environment and home; take it as a parameter.",
  },
];

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "fixtures/", ".cache/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "no-duplicate-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/cli/**"],
    rules: { "no-restricted-globals": ["error", ...outsideCli] },
  },
);
