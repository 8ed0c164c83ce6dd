/** The JSON Schema of scenario files, for editors: generated from what the loader checks. */
import { z } from "zod";
import { scenarioSchema } from "./scenario.ts";
import { packetExample, packetPattern } from "./short-forms.ts";

/** A JSON Schema, as far as it is used here. */
interface Node {
  readonly [key: string]: unknown;
}
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

const properties = (node: Node): Node => (isNode(node.properties) ? node.properties : {});
const isPacketRef = (node: Node): boolean =>
  ["from", "to", "nth"].every((key) => key in properties(node));

const shortPacket = {
  type: "string",
  pattern: packetPattern,
  description: `The nth packet that one process sends to another, such as: ${packetExample}`,
};

/** Allows the short forms of short-forms.ts beside the long ones. */
function withShortForms(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withShortForms);
  if (!isNode(value)) return value;
  if (isPacketRef(value)) return { anyOf: [shortPacket, value] };
  const node = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withShortForms(v)]));
  const inner = properties(node);
  const changed: Record<string, unknown> = { ...inner };
  for (const key of ["inside", "source"]) {
    const list = inner[key];
    if (isNode(list)) {
      changed[key] = { anyOf: [{ type: "string" }, list] };
    }
  }
  const asks = Array.isArray(node.required) ? node.required : [];
  if (!("hex" in inner) || !asks.includes("hex")) {
    return "properties" in node ? { ...node, properties: changed } : node;
  }
  changed.text = { type: "string", description: "The bytes as text, in place of hex." };
  return {
    ...node,
    properties: changed,
    required: asks.filter((key) => key !== "hex"),
    oneOf: [{ required: ["hex"] }, { required: ["text"] }],
  };
}

export function scenarioJsonSchema(): unknown {
  const options = { target: "draft-7", io: "input", reused: "ref" } as const;
  const schema = z.toJSONSchema(scenarioSchema, options);
  const title = "Mallory scenario";
  return { ...(withShortForms(schema) as Node), title };
}

/** The text of scenario.schema.json. */
export const scenarioSchemaFile = (): string =>
  `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
