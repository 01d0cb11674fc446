// A Worker that helps the engine's with the network: an instance of its own of the same module, in the same memory.

import { makeImports } from './engine/wasi.js';

/** @import { WasmFunctions } from './engine/wasm-engine.js' */

self.onmessage = async ({ data: { module, memory, stack, context } }) => {
  const imports = makeImports(module, () => memory);
  const { exports } = await WebAssembly.instantiate(/** @type {WebAssembly.Module} */ (module), imports);
  /** @type {WebAssembly.Global} */ (exports.__stack_pointer).value = stack;
  const { hb_wasm_join: join, hb_wasm_help: help } = /** @type {WasmFunctions} */ (exports);
  const member = join(context);
  if (member > 0) help(context, member); // returns when the engine's Worker ends, with this one
};
