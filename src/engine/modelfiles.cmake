# model_files: readers of what a model folder holds, before torch comes in. They meet files of strangers, so that the
# sanitizers and the fuzzers build them too.
set(dir "${CMAKE_SOURCE_DIR}/src/engine/model")
studio_library(model_files
    SOURCES "${dir}/configreader.cpp" "${dir}/mappedfile.cpp" "${dir}/modelfolder.cpp" "${dir}/modulelist.cpp" "${dir}/picklemachine.cpp"
        "${dir}/pickleweights.cpp" "${dir}/safetensors.cpp" "${dir}/tensorfile.cpp" "${dir}/weightfiles.cpp" "${dir}/ziparchive.cpp"
    LINKS core)
