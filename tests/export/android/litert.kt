// What the app calls of LiteRT 2, as its source declares it; the model gives its input back.
package com.google.ai.edge.litert

import android.content.res.AssetManager

enum class Accelerator { CPU, GPU, NPU }

class LiteRtException(code: Int, message: String) : Exception(message)

class Environment : AutoCloseable {
    override fun close() {}
}

class TensorBuffer internal constructor() : AutoCloseable {
    private var values = FloatArray(0)

    fun writeFloat(data: FloatArray) {
        values = data.copyOf()
    }

    fun readFloat(): FloatArray = values.copyOf()

    override fun close() {}
}

class CompiledModel private constructor(val file: String) : AutoCloseable {
    class Options constructor(internal vararg val accelerators: Accelerator)

    fun createInputBuffer(inputName: String, signature: String? = null): TensorBuffer =
        TensorBuffer()

    fun createOutputBuffer(outputName: String, signature: String? = null): TensorBuffer =
        TensorBuffer()

    fun run(
        inputs: Map<String, TensorBuffer>,
        outputs: Map<String, TensorBuffer>,
        signature: String? = null
    ) {
        println("tile of $file by $signature")
        outputs.getValue("restored").writeFloat(inputs.getValue("image").readFloat())
    }

    override fun close() {}

    companion object {
        @JvmStatic
        @JvmOverloads
        fun create(
            assetManager: AssetManager,
            assetName: String,
            options: Options,
            optionalEnv: Environment? = null
        ): CompiledModel {
            if (Accelerator.GPU in options.accelerators) throw LiteRtException(5, "no GPU")
            return CompiledModel(assetName)
        }
    }
}
