/** M4: an object under the keys of one client and the relay. */
import type { RejectReason } from "../../endpoint.ts";
import { text } from "../../kit/bytes.ts";
import type { Channel } from "./channel.ts";
import { bytesField, type Frame, frameOf } from "./frames.ts";
import type { Loaded, Value } from "./pickle.ts";

/** @returns the frame without its blank line: `type`, `payload`, `hmac`, and what variants add. */
export function secureFrame(channel: Channel, object: Value): Uint8Array {
  const { data, hmac, iv, count } = channel.seal(object);
  return frameOf({
    type: "secure",
    payload: text(data),
    hmac: text(hmac),
    ...(iv === undefined ? {} : { iv: text(iv) }),
    ...(count === undefined ? {} : { count: text(count) }),
  });
}

export function openFrame(channel: Channel, frame: Frame): Loaded | RejectReason {
  const data = bytesField(frame, "payload");
  const hmac = bytesField(frame, "hmac");
  if (data === undefined || hmac === undefined) return "malformed";
  const iv = bytesField(frame, "iv");
  const count = bytesField(frame, "count");
  return channel.open({ data, hmac, ...(iv ? { iv } : {}), ...(count ? { count } : {}) });
}
