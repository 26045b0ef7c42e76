# Tests of the model files' readers need no torch, so that the sanitizers run them too.
foreach(test IN ITEMS safetensors pickleweights)
    studio_test(${test} SOURCES "${CMAKE_CURRENT_LIST_DIR}/model/tst_${test}.cpp" LINKS model_files LABELS engine)
endforeach()
set(dir "${CMAKE_CURRENT_LIST_DIR}/model")
studio_test(hostilefiles
    SOURCES "${dir}/tst_hostilefiles.cpp" "${dir}/hostilefiles.cpp" "${dir}/hostileweights.cpp" "${dir}/countedmemory.cpp"
        "${CMAKE_SOURCE_DIR}/tests/text/brokenfiles.cpp"
    LINKS model_files text LABELS engine)
