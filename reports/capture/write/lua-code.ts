/** The text of the dissector: the same for every protocol, but for the table of its ranges. */

export interface DissectorData {
  /** For people; only letters, digits and a few signs. */
  readonly protocol: string;
  readonly digest: string;
  readonly carrier: "udp" | "tcp";
  readonly ports: readonly number[];
  /** Lua: one entry of the table for each frame. */
  readonly rows: readonly string[];
  /** Ranges were left out, since there are too many. */
  readonly isCut: boolean;
}

export function dissectorCode(data: DissectorData): string {
  const { protocol, digest, carrier, ports, rows, isCut } = data;
  return `-- What the bytes of this capture are, for Wireshark and tshark:
--   wireshark -X lua_script:THIS.lua CAPTURE
-- Written by Mallory for a run of ${protocol}, digest ${digest}.
-- It reads no file and the network of nobody. A frame that is not the one that is meant, by its
-- length and its first bytes, is left to other dissectors.
${isCut ? "-- Ranges of later frames were left out: there are too many.\n" : ""}
local mallory = Proto("mallory", "Mallory")
local fields = {
  about = ProtoField.string("mallory.about", "About"),
  part = ProtoField.string("mallory.part", "Part"),
  known = ProtoField.string("mallory.known", "Attacker"),
}
mallory.fields = { fields.about, fields.part, fields.known }

-- [frame] = { payload length, its first bytes, about, { { depth, from, length, label, text,
-- what the attacker has of it }, ... } }
local frames = {
${rows.join(",\n")}
}

local function matches(frame, tvb)
  if frame[1] ~= tvb:len() then return false end
  local head = math.min(tvb:len(), #frame[2] / 2)
  return head == 0 or tostring(tvb:range(0, head):bytes()):lower() == frame[2]
end

function mallory.dissector(tvb, pinfo, tree)
  local frame = frames[pinfo.number]
  if frame == nil or not matches(frame, tvb) then return 0 end
  pinfo.cols.protocol = "Mallory"
  local root = tree:add(mallory, tvb:range())
  root:add(fields.about, frame[3]):set_generated()
  local above = { [-1] = root }
  for _, range in ipairs(frame[4]) do
    local depth, from, length, label, text, known = table.unpack(range)
    local words = label .. ": " .. text
    local item
    if length > 0 then
      item = above[depth - 1]:add(fields.part, tvb:range(from, length), words)
    else
      item = above[depth - 1]:add(fields.part, words)
    end
    item:set_text(words)
    if known ~= "" then item:add(fields.known, known):set_generated() end
    above[depth] = item
  end
  return tvb:len()
end

if table.unpack == nil then table.unpack = unpack end
for _, port in ipairs({ ${ports.join(", ")} }) do
  DissectorTable.get("${carrier}.port"):add(port, mallory)
end
`;
}
