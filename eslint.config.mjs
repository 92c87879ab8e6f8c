// What the type checker does not see in the browser's code. No style rules: reviews do that.
import globals from "globals";

const RULES = {
  "array-callback-return": "error",
  "consistent-this": "error",
  "eqeqeq": "error",
  "no-constant-condition": ["error", { checkLoops: false }],
  "no-dupe-else-if": "error",
  "no-dupe-keys": "error",
  "no-duplicate-imports": "error",
  "no-eval": "error",
  "no-fallthrough": "error",
  "no-implied-eval": "error",
  "no-irregular-whitespace": "error",
  "no-self-compare": "error",
  "no-shadow-restricted-names": "error",
  "no-template-curly-in-string": "error",
  "no-undef": "error",
  "no-unreachable": "error",
  "no-unsafe-finally": "error",
  "no-unsafe-optional-chaining": "error",
  "no-unused-vars": ["error", { args: "after-used", caughtErrors: "all" }],
  "no-use-before-define": ["error", { functions: false, variables: false }],
  "no-useless-catch": "error",
  "no-var": "error",
  "prefer-const": ["error", { destructuring: "all" }],
  "valid-typeof": "error",
  // a name, a text or a label is never markup
  "no-restricted-properties": ["error",
    ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => ({ property, message: "Text enters pages as text." }))],
};

export default [
  { ignores: ["node_modules/", ".venv/", "**/*.ipynb"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" }, rules: RULES },
  {
    files: ["election/browser/*.js", "dashboard/browser/*.js", "dashboard/components/*.js", "intake/pages/*.js", "callers/pages/static/*.js"],
    languageOptions: { sourceType: "module", globals: globals.browser },
  },
  { files: ["intake/pages/worker.js", "callers/pages/static/doors_worker.js"], languageOptions: { sourceType: "script", globals: globals.serviceworker } },
  { files: ["tools/*.mjs", "tests/browser/*.mjs", "*.mjs"], languageOptions: { sourceType: "module", globals: { ...globals.node, ...globals.browser } } },
];
