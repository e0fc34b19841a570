// What the app calls of Android (one file for several packages, with `// package` lines).
// package android.content.res
class AssetManager

// package android.net
class Uri

// package android.os
class Bundle

// package android.content
open class Context {
    val assets = android.content.res.AssetManager()
    val applicationContext: Context get() = this
    val contentResolver = ContentResolver()
    fun getString(id: Int, vararg values: Any?): String = "$id"
}

class ContentResolver

class Intent(val action: String) {
    val data: android.net.Uri? = null
    fun setType(type: String): Intent = this

    companion object {
        const val ACTION_GET_CONTENT = "get"
    }
}

// package android.graphics
class Bitmap private constructor(val width: Int, val height: Int) {
    enum class Config { ARGB_8888 }

    private val all = IntArray(width * height)

    fun getPixels(pixels: IntArray, offset: Int, stride: Int, x: Int, y: Int, width: Int, height: Int) {
        for (row in 0 until height) for (column in 0 until width)
            pixels[offset + row * stride + column] = all[(y + row) * this.width + x + column]
    }

    fun setPixels(pixels: IntArray, offset: Int, stride: Int, x: Int, y: Int, width: Int, height: Int) {
        for (row in 0 until height) for (column in 0 until width)
            all[(y + row) * this.width + x + column] = pixels[offset + row * stride + column]
    }

    companion object {
        @JvmStatic
        fun createBitmap(width: Int, height: Int, config: Config) = Bitmap(width, height)
        @JvmStatic
        fun createScaledBitmap(bitmap: Bitmap, width: Int, height: Int, filter: Boolean) =
            Bitmap(width, height)
    }
}

class ImageDecoder {
    class Source
    class ImageInfo

    var allocator = 0

    companion object {
        const val ALLOCATOR_SOFTWARE = 1
        fun createSource(resolver: android.content.ContentResolver, uri: android.net.Uri) = Source()
        fun decodeBitmap(source: Source, set: (ImageDecoder, ImageInfo, Source) -> Unit): Bitmap =
            throw UnsupportedOperationException()
    }
}

// package android.view
open class View(context: android.content.Context) {
    var isEnabled = true
    var isSelected = false
    var fitsSystemWindows = false
    fun setOnClickListener(listener: ((View) -> Unit)?) {}
}

// package android.widget
open class TextView(context: android.content.Context) : android.view.View(context) {
    var text: CharSequence = ""
    fun setText(id: Int) {}
}

class Button(context: android.content.Context) : TextView(context)

class ImageView(context: android.content.Context) : android.view.View(context) {
    fun setImageBitmap(bitmap: android.graphics.Bitmap?) {}
}

class LinearLayout(context: android.content.Context) : android.view.View(context) {
    var orientation = 0
    fun addView(view: android.view.View) {}

    companion object {
        const val VERTICAL = 1
    }
}

// package android.app
open class Activity : android.content.Context() {
    open fun onCreate(savedInstanceState: android.os.Bundle?) {}
    open fun onDestroy() {}
    open fun onActivityResult(requestCode: Int, resultCode: Int, data: android.content.Intent?) {}
    fun startActivityForResult(intent: android.content.Intent, code: Int) {}
    fun setContentView(view: android.view.View) {}
    fun runOnUiThread(action: () -> Unit) = action()

    companion object {
        const val RESULT_OK = -1
    }
}

// package hinet.restore
object R {
    object string {
        const val choose = 1
        const val working = 2
        const val done = 3
        const val failed = 4
        const val too_large = 5
    }
}
