import type { Endpoint } from "../../../protocol/endpoint.ts";

/**
 * A puppet's code; `learn` is called after each input that it has handled. With its deployment's
 * cryptography it may have drawn what is on record only since then: without that, the values would
 * pass for constants.
 */
export const thenLearning = (endpoint: Endpoint, learn: () => void): Endpoint => ({
  handle(input, now) {
    const outputs = endpoint.handle(input, now);
    learn();
    return outputs;
  },
  ...(endpoint.deadline === undefined ? {} : { deadline: () => endpoint.deadline?.() }),
});
