/** What `require("mallory")` gives where Node has no `module.registerHooks`: see user-code.ts. */
module.exports = /** @type {Record<symbol, unknown>} */ (globalThis)[Symbol.for("mallory")];
