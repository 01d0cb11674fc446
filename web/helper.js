// A Worker that helps the engine's with the network: an instance of its own of the same module, in the same memory.

import { makeImports } from './engine/wasi.js';

self.onmessage = async ({ data: { module, memory, stack, context } }) => {
  const imports = makeImports(module, () => memory);
  /** @type {{exports: Record<string, any>}} */
  const { exports } = await WebAssembly.instantiate(/** @type {WebAssembly.Module} */ (module), imports);
  exports.__stack_pointer.value = stack;
  const member = exports.hb_wasm_join(context);
  if (member > 0) exports.hb_wasm_help(context, member);
};
