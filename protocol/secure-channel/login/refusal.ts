/**
 * The server's answer to a message_3 that names a certificate it does not know, or not any more: a
 * datagram like M4, with a value that only it and this client can make.
 *
 *     84 M4  C_I 1 ‖ 58 3c ‖ EDHOC_Exporter(PRK_3e2m; 32771, TH_3) 60     64 bytes
 *
 * PRK_3e2m has the server's static key in it: an attacker in the middle cannot turn a device away.
 * And from outside it looks like message_4, which is as long and as random.
 */
import type { CryptoKit } from "../../kit/crypto.ts";
import { exporter } from "../edhoc/key-schedule.ts";
import { encodeCiphertext } from "../edhoc/messages.ts";
import type { Half } from "../edhoc/session.ts";

/** Next to those in what-follows.ts; this one is never used with PRK_out. */
const refusalLabel = 32_771;
/** As much as M4 has room for. */
const refusalBytes = 60;

/** @returns 62 bytes, in the place of message_4. */
export const refusalOf = (crypto: CryptoKit, { prk3e2m, th3 }: Half): Uint8Array =>
  encodeCiphertext(exporter(crypto, prk3e2m, refusalLabel, th3, refusalBytes));
