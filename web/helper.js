// A Worker that helps to compute the network. It instantiates the engine's module again, in the engine's memory.

import { makeImports } from './engine/wasi.js';

/** @import { WasmFunctions } from './engine/wasm-engine.js' */

self.onmessage = async ({ data: { module, memory, stack, context } }) => {
  const imports = makeImports(module, () => memory);
  const { exports } = await WebAssembly.instantiate(/** @type {WebAssembly.Module} */ (module), imports);
  /** @type {WebAssembly.Global} */ (exports.__stack_pointer).value = stack;
  const { hb_wasm_join: join, hb_wasm_help: help } = /** @type {WasmFunctions} */ (exports);
  const member = join(context);
  if (member > 0) help(context, member); // runs until the engine's Worker ends, which ends this one, too
};
