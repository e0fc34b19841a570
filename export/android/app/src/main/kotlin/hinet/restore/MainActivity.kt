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
import kotlin.concurrent.thread

/** Chooses a photo, restores it and shows it; touching the result shows the original. */
class MainActivity : Activity() {
    private lateinit var button: Button
    private lateinit var status: TextView
    private lateinit var view: ImageView

    // Compiled once, off the main thread: on a GPU it takes seconds.
    private val restorer by lazy { Restorer(applicationContext) }

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

    private fun restore(uri: Uri) {
        button.isEnabled = false
        thread {
            try {
                // Upright, as its EXIF orientation says, and in memory that getPixels reads.
                val source = ImageDecoder.createSource(contentResolver, uri)
                val photo = ImageDecoder.decodeBitmap(source) { decoder, _, _ ->
                    decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE
                }
                runOnUiThread { view.setImageBitmap(photo) }
                val begin = System.nanoTime()
                val result = restorer.restore(photo) { part ->
                    val percent = (part * 100).toInt()
                    runOnUiThread { status.text = getString(R.string.working, percent) }
                }
                val seconds = (System.nanoTime() - begin) / 1e9
                runOnUiThread { show(photo, result, seconds) }
            } catch (error: Exception) {
                runOnUiThread { status.text = getString(R.string.failed, error.message) }
            }
            runOnUiThread { button.isEnabled = true }
        }
    }

    private fun show(photo: Bitmap, result: Bitmap, seconds: Double) {
        status.text = getString(R.string.done, seconds, restorer.device)
        view.setImageBitmap(result)
        view.setOnClickListener {
            view.isSelected = !view.isSelected
            view.setImageBitmap(if (view.isSelected) photo else result)
        }
    }

    private companion object {
        const val CHOOSE = 1
    }
}
