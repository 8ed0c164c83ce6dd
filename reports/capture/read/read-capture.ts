/** Reads capture files, which anybody may have written. */
import { UserError } from "../../../harness/input/user-error.ts";
import { type Capture, CaptureError, cutShort } from "./capture.ts";
import { isPcap, readPcap } from "./pcap.ts";
import { isPcapng, readPcapng } from "./pcapng.ts";

/**
 * @param name of the file, for messages. @param file its content.
 * @throws UserError, in one line, if it is no capture or has been damaged.
 */
export async function readCapture(name: string, file: Buffer): Promise<Capture> {
  try {
    if (file.length < 4) {
      const says = file.length === 0 ? "is empty" : cutShort(`it has ${file.length} bytes`);
      throw new CaptureError(says);
    }
    if (isPcapng(file)) return readPcapng(file);
    if (isPcap(file)) return await readPcap(file);
    const found = file.subarray(0, 4).toString("hex");
    throw new CaptureError(`is neither pcap nor pcapng: it begins with ${found}`);
  } catch (error) {
    if (error instanceof CaptureError) throw new UserError(`${name}: ${error.message}`);
    throw error;
  }
}
