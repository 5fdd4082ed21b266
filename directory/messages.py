"""The words of an import report: every problem code -> language -> (what is wrong, what to do)."""

from __future__ import annotations

from types import MappingProxyType


def _m(zh: str, zh_do: str, en: str, en_do: str, ko: str, ko_do: str) -> MappingProxyType[str, tuple[str, str]]:
    return MappingProxyType({"zh-Hant": (zh, zh_do), "en": (en, en_do), "ko": (ko, ko_do)})


MESSAGES: MappingProxyType[str, MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        # the package
        "not_found": _m(
            "找不到檔案",
            "請確認路徑",
            "No such file or folder",
            "Check the path",
            "파일을 찾을 수 없음",
            "경로를 확인하십시오",
        ),
        "not_a_zip": _m(
            "不是有效的 ZIP 檔",
            "請重新壓縮後再送出",
            "Not a readable zip",
            "Pack it again and send it again",
            "올바른 ZIP 파일이 아님",
            "다시 압축하여 보내십시오",
        ),
        "damaged": _m(
            "檔案已損壞",
            "請重新壓縮後再送出",
            "The file is damaged",
            "Pack it again and send it again",
            "파일이 손상됨",
            "다시 압축하여 보내십시오",
        ),
        "encrypted": _m(
            "檔案已加密",
            "請移除密碼",
            "The file is encrypted",
            "Remove the password",
            "암호화된 파일",
            "암호를 제거하십시오",
        ),
        "link": _m(
            "含有連結",
            "請放入真正的檔案",
            "It holds a link",
            "Put the file itself in the package",
            "링크가 포함됨",
            "실제 파일을 넣으십시오",
        ),
        "path": _m(
            "檔案路徑超出資料包",
            "請使用相對路徑",
            "A path leads out of the package",
            "Use plain relative paths",
            "경로가 패키지를 벗어남",
            "상대 경로를 사용하십시오",
        ),
        "twice": _m(
            "檔案重複",
            "請移除重複檔案",
            "A file is there twice",
            "Remove one of them",
            "파일이 중복됨",
            "하나를 제거하십시오",
        ),
        "too_big": _m("檔案過大", "請分批送出", "Too big", "Send it in parts", "파일이 너무 큼", "나누어 보내십시오"),
        "too_many_entries": _m(
            "檔案過多", "只保留資料表", "Too many files", "Keep only the tables", "파일이 너무 많음", "표만 남기십시오"
        ),
        "bomb": _m(
            "壓縮比例異常",
            "請送出未壓縮的資料夾",
            "It unpacks to far too much",
            "Send an ordinary zip or a folder",
            "압축률이 비정상적임",
            "일반 ZIP이나 폴더로 보내십시오",
        ),
        "bad_descriptor": _m(
            "datapackage.json 無法讀取",
            "請修正 JSON",
            "datapackage.json cannot be read",
            "Correct the JSON",
            "datapackage.json을 읽을 수 없음",
            "JSON을 수정하십시오",
        ),
        "no_tables": _m(
            "沒有可辨識的資料表",
            "請使用 HSDS 檔名",
            "No HSDS table in it",
            "Name the files as HSDS does",
            "HSDS 표가 없음",
            "HSDS 파일 이름을 사용하십시오",
        ),
        "encoding": _m(
            "文字編碼無法辨識",
            "請以 UTF-8 儲存",
            "The text encoding is unknown",
            "Save it as UTF-8",
            "문자 인코딩을 알 수 없음",
            "UTF-8로 저장하십시오",
        ),
        "bad_csv": _m(
            "CSV 格式錯誤",
            "請檢查引號",
            "The CSV is broken here",
            "Check the quotation marks",
            "CSV 형식 오류",
            "따옴표를 확인하십시오",
        ),
        "empty_file": _m(
            "檔案沒有標題列",
            "請加入標題列",
            "The file has no header",
            "Add the header row",
            "머리글이 없음",
            "머리글 행을 추가하십시오",
        ),
        "missing_column": _m(
            "缺少必要欄位",
            "請加入此欄位",
            "A required column is missing",
            "Add the column",
            "필수 열이 없음",
            "열을 추가하십시오",
        ),
        "column_twice": _m(
            "欄位名稱重複",
            "請移除重複欄位",
            "A column is there twice",
            "Remove one of them",
            "열이 중복됨",
            "하나를 제거하십시오",
        ),
        # the file
        "big5": _m(
            "以 Big5 讀取",
            "建議改存 UTF-8",
            "Read as Big5",
            "Better save it as UTF-8",
            "Big5로 읽음",
            "UTF-8 저장을 권장합니다",
        ),
        "unknown_column": _m(
            "未知欄位，已另存",
            "無須處理，或更正名稱",
            "Unknown column; its values are kept aside",
            "Nothing, or correct its name",
            "알 수 없는 열, 별도 보관됨",
            "이름을 확인하십시오",
        ),
        "unknown_file": _m(
            "非 HSDS 資料表，未讀取",
            "請更正檔名",
            "Not an HSDS table; not read",
            "Correct its name if it is one",
            "HSDS 표가 아니어서 읽지 않음",
            "파일 이름을 확인하십시오",
        ),
        # the row
        "cells": _m(
            "欄數與標題不符",
            "請檢查分隔符號",
            "More or fewer cells than the header",
            "Check commas and quotation marks",
            "열 수가 머리글과 다름",
            "구분 기호를 확인하십시오",
        ),
        "control_character": _m(
            "含有控制字元", "請移除", "It holds a control character", "Remove it", "제어 문자가 포함됨", "제거하십시오"
        ),
        "too_long": _m("內容過長", "請縮短", "The text is too long", "Shorten it", "내용이 너무 김", "줄이십시오"),
        "missing_value": _m(
            "缺少必填值", "請填寫", "A required value is missing", "Fill it in", "필수 값이 없음", "입력하십시오"
        ),
        "says_nothing": _m(
            "此列沒有內容",
            "請填寫或刪除此列",
            "The row says nothing",
            "Fill it in or delete it",
            "내용이 없는 행",
            "입력하거나 삭제하십시오",
        ),
        "duplicate": _m(
            "代碼或內容重複",
            "每列使用唯一代碼",
            "The id or content repeats an earlier row",
            "Give each row its own id",
            "앞의 행과 중복됨",
            "행마다 고유 식별자를 사용하십시오",
        ),
        "older": _m(
            "已有較新的資料",
            "無須處理",
            "A newer figure is already there",
            "Nothing",
            "더 새로운 값이 있음",
            "조치 불필요",
        ),
        "unknown_relation": _m(
            "所指的資料不存在",
            "請先加入該資料或更正代碼",
            "It points to a row that is not there",
            "Add that row or correct the id",
            "참조하는 행이 없음",
            "해당 행을 추가하거나 식별자를 고치십시오",
        ),
        "relation_cleared": _m(
            "所指的資料不存在，該欄已清空",
            "請更正代碼",
            "It points to a row that is not there; kept without it",
            "Correct the id",
            "참조하는 행이 없어 비워 둠",
            "식별자를 고치십시오",
        ),
        "not_in_list": _m(
            "不在允許的值之中",
            "請使用清單中的值",
            "Not one of the allowed values",
            "Use a value of the list",
            "허용된 값이 아님",
            "목록의 값을 사용하십시오",
        ),
        "bad_value": _m(
            "格式錯誤", "請更正", "It cannot be read as this column's kind", "Correct it", "형식 오류", "수정하십시오"
        ),
        "value_kept_aside": _m(
            "格式錯誤，原值另存",
            "請更正後再匯入",
            "It cannot be read; kept aside as it was",
            "Correct it and import again",
            "형식 오류, 원래 값을 별도 보관함",
            "고쳐서 다시 가져오십시오",
        ),
        "confidential_place": _m(
            "保密處所不得有位置資料",
            "請移除地址、座標、區域與說明",
            "A confidential location may not say where it is",
            "Remove coordinates, area, description and extra columns",
            "비공개 장소에는 위치 정보를 둘 수 없음",
            "좌표, 지역, 설명을 제거하십시오",
        ),
        "confidential_address": _m(
            "保密處所不得有地址",
            "請移除此列",
            "A confidential location may not have an address",
            "Remove the row, and the file from wherever it was",
            "비공개 장소에는 주소를 둘 수 없음",
            "행을 제거하십시오",
        ),
        "unknown_area": _m(
            "未知區域，名稱已保留",
            "請使用區域代碼",
            "Unknown area; its name is kept",
            "Use an area code",
            "알 수 없는 지역, 이름은 보관됨",
            "지역 코드를 사용하십시오",
        ),
        "term_undefined": _m(
            "詞彙未定義，已保留代碼",
            "請補上詞彙表",
            "The term is not in the taxonomy; its code is kept",
            "Add it to the taxonomy file",
            "정의되지 않은 용어, 코드는 보관됨",
            "분류 파일에 추가하십시오",
        ),
    }
)
"""Every problem code -> language -> (what is wrong, what to do)."""
