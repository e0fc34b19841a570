package hinet.restore

import android.content.Context
import android.graphics.Bitmap
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import kotlin.math.min
import kotlin.math.roundToInt

/**
 * One compiled model that restores photos in overlapping tiles; call it from one thread.
 *
 * Tiles blend linearly, because statistics of the normalization differ a little from tile to tile.
 * Pixels outside the photo are its mirror image. One row of tiles is in memory at a time.
 */
class Restorer(context: Context) : AutoCloseable {
    var device = "GPU"
        private set

    private val model: CompiledModel = try {
        CompiledModel.create(
            context.assets, ModelFile.GPU_FILE, CompiledModel.Options(Accelerator.GPU)
        )
    } catch (refused: LiteRtException) {
        // No GPU, or a driver that refuses an operator: the file for processors.
        device = "processor"
        CompiledModel.create(
            context.assets, ModelFile.CPU_FILE, CompiledModel.Options(Accelerator.CPU)
        )
    }
    private val image = model.createInputBuffer(ModelFile.INPUT, ModelFile.SIGNATURE)
    private val restored = model.createOutputBuffer(ModelFile.OUTPUT, ModelFile.SIGNATURE)
    private val tile = FloatArray(TILE * TILE * CHANNELS)

    /**
     * Restores a photo.
     *
     * @param onProgress called after each tile with the part that is done, up to 1
     */
    fun restore(photo: Bitmap, onProgress: (Float) -> Unit = {}): Bitmap {
        val width = photo.width
        val height = photo.height
        val result = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
        val tops = starts(height)
        val lefts = starts(width)
        // Of the rows that the tiles at hand cover: weighted sums, weights, and the photo itself.
        val rows = min(TILE, height)
        val sum = FloatArray(rows * width * CHANNELS)
        val weight = FloatArray(rows * width)
        val pixels = IntArray(rows * width)
        for ((index, top) in tops.withIndex()) {
            photo.getPixels(pixels, 0, width, 0, top, width, rows)
            for ((column, left) in lefts.withIndex()) {
                read(pixels, width, rows, left)
                image.writeFloat(tile)
                model.run(
                    mapOf(ModelFile.INPUT to image),
                    mapOf(ModelFile.OUTPUT to restored),
                    ModelFile.SIGNATURE
                )
                blend(restored.readFloat(), sum, weight, width, rows, left)
                onProgress((index * lefts.size + column + 1f) / (tops.size * lefts.size))
            }
            val finished = if (index + 1 < tops.size) tops[index + 1] - top else rows
            write(sum, weight, pixels, finished * width)
            result.setPixels(pixels, 0, width, 0, top, width, finished)
            carry(sum, finished * width * CHANNELS)
            carry(weight, finished * width)
        }
        return result
    }

    /** Where tiles start: every TILE - OVERLAP pixels, the last one at the border. */
    private fun starts(length: Int): List<Int> =
        if (length <= TILE) listOf(0)
        else (0 until length - TILE step TILE - OVERLAP).toList() + (length - TILE)

    private fun read(pixels: IntArray, width: Int, rows: Int, left: Int) {
        var i = 0
        for (y in 0 until TILE) {
            val row = mirror(y, rows) * width
            for (x in 0 until TILE) {
                val color = pixels[row + mirror(left + x, width)]
                tile[i++] = (color shr 16 and 255) / 255f * ModelFile.WHITE
                tile[i++] = (color shr 8 and 255) / 255f * ModelFile.WHITE
                tile[i++] = (color and 255) / 255f * ModelFile.WHITE
            }
        }
    }

    private fun blend(
        result: FloatArray, sum: FloatArray, weight: FloatArray, width: Int, rows: Int, left: Int
    ) {
        for (y in 0 until rows) {
            for (x in 0 until min(TILE, width - left)) {
                val w = ramp(y) * ramp(x)
                val p = y * width + left + x
                weight[p] += w
                for (c in 0 until CHANNELS) {
                    sum[p * CHANNELS + c] += w * result[(y * TILE + x) * CHANNELS + c]
                }
            }
        }
    }

    private fun write(sum: FloatArray, weight: FloatArray, pixels: IntArray, count: Int) {
        for (p in 0 until count) {
            val alpha = pixels[p] and (255 shl 24)
            val red = level(sum[p * 3] / weight[p])
            val green = level(sum[p * 3 + 1] / weight[p])
            val blue = level(sum[p * 3 + 2] / weight[p])
            pixels[p] = alpha or (red shl 16) or (green shl 8) or blue
        }
    }

    /** Moves what the next row of tiles adds to upwards, and clears what it begins. */
    private fun carry(values: FloatArray, finished: Int) {
        values.copyInto(values, 0, finished, values.size)
        values.fill(0f, values.size - finished, values.size)
    }

    /** Rises over the overlap and falls again, never to zero. */
    private fun ramp(position: Int): Float =
        min(1f, (min(position, TILE - 1 - position) + 1f) / OVERLAP)

    private fun mirror(position: Int, length: Int): Int {
        val p = position % (2 * length)
        return if (p < length) p else 2 * length - 1 - p
    }

    private fun level(value: Float): Int =
        (value / ModelFile.WHITE * 255f).roundToInt().coerceIn(0, 255)

    override fun close() {
        image.close()
        restored.close()
        model.close()
    }

    private companion object {
        const val TILE = ModelFile.TILE
        const val OVERLAP = ModelFile.OVERLAP
        const val CHANNELS = ModelFile.CHANNELS
    }
}
