package hinet.restore

import android.app.Activity
import android.content.Intent
import android.graphics.Bitmap
import android.graphics.ImageDecoder
import android.net.Uri
import android.os.Bundle
import android.widget.Button
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.TextView
import java.util.concurrent.Executors
import kotlin.math.max
import kotlin.math.min

/**
 * Chooses a photo, restores it and shows it; touching the result shows the original.
 *
 * What is shown is no larger than a screen: a canvas takes no bitmap of more than 100 MB.
 */
class MainActivity : Activity() {
    private lateinit var button: Button
    private lateinit var status: TextView
    private lateinit var view: ImageView

    // Everything of the model, one after the other: on a GPU compiling alone takes seconds.
    private val worker = Executors.newSingleThreadExecutor()
    private val restorer = lazy { Restorer(applicationContext) }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        button = Button(this)
        status = TextView(this)
        view = ImageView(this)
        button.setText(R.string.choose)
        button.setOnClickListener {
            startActivityForResult(Intent(Intent.ACTION_GET_CONTENT).setType("image/*"), CHOOSE)
        }
        val column = LinearLayout(this)
        column.orientation = LinearLayout.VERTICAL
        column.fitsSystemWindows = true
        for (part in listOf(button, status, view)) column.addView(part)
        setContentView(column)
    }

    override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
        super.onActivityResult(requestCode, resultCode, data)
        val photo = data?.data
        if (requestCode == CHOOSE && resultCode == RESULT_OK && photo != null) restore(photo)
    }

    override fun onDestroy() {
        worker.execute { if (restorer.isInitialized()) restorer.value.close() }
        worker.shutdown()
        super.onDestroy()
    }

    private fun restore(uri: Uri) {
        button.isEnabled = false
        // Neither pixels nor touches of the photo before.
        view.setOnClickListener(null)
        view.setImageBitmap(null)
        view.isSelected = false
        worker.execute {
            try {
                // Upright, as its EXIF orientation says, and in memory that getPixels reads.
                val source = ImageDecoder.createSource(contentResolver, uri)
                val photo = ImageDecoder.decodeBitmap(source) { decoder, _, _ ->
                    decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE
                }
                val original = preview(photo)
                runOnUiThread { view.setImageBitmap(original) }
                val begin = System.nanoTime()
                val result = restorer.value.restore(photo) { part ->
                    val percent = (part * 100).toInt()
                    runOnUiThread { status.text = getString(R.string.working, percent) }
                }
                val seconds = (System.nanoTime() - begin) / 1e9
                val restored = preview(result)
                runOnUiThread { show(original, restored, seconds) }
            } catch (error: Exception) {
                runOnUiThread { status.text = getString(R.string.failed, error.message) }
            } catch (error: OutOfMemoryError) {
                runOnUiThread { status.text = getString(R.string.too_large) }
            }
            runOnUiThread { button.isEnabled = true }
        }
    }

    private fun preview(bitmap: Bitmap): Bitmap {
        val scale = min(1.0, LARGEST_PREVIEW / max(bitmap.width, bitmap.height).toDouble())
        val width = max(1, (bitmap.width * scale).toInt())
        val height = max(1, (bitmap.height * scale).toInt())
        return Bitmap.createScaledBitmap(bitmap, width, height, true)
    }

    private fun show(original: Bitmap, restored: Bitmap, seconds: Double) {
        status.text = getString(R.string.done, seconds, restorer.value.device)
        view.setImageBitmap(restored)
        view.setOnClickListener {
            view.isSelected = !view.isSelected
            view.setImageBitmap(if (view.isSelected) original else restored)
        }
    }

    private companion object {
        const val CHOOSE = 1
        const val LARGEST_PREVIEW = 2048
    }
}
